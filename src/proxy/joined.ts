// The beginning of what one side says, as it grows from piece to piece.

/** `first` with `more` behind it; `more` itself where `first` is empty. */
export function joined(first: Uint8Array, more: Uint8Array): Uint8Array {
  if (first.length === 0) return more;
  const bytes = new Uint8Array(first.length + more.length);
  bytes.set(first);
  bytes.set(more, first.length);
  return bytes;
}
