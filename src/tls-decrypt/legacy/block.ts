/** Decrypts one block at `at` of `bytes` into `out` at `to`. */
export type DecryptBlock = (bytes: Uint8Array, at: number, out: Uint8Array, to: number) => void;
