// Lists by a key, and in an order.

/** Puts `value` behind what `lists` has under `key`. */
export function addTo<Key, Value>(lists: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** The items by their keys, both in the order in which they were first met (Map.groupBy, which Node has from 21 on). */
export function grouped<Item, Key>(items: Iterable<Item>, keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) addTo(groups, keyOf(item), item);
  return groups;
}

/** The items in a list with room for them and no more: V8 gives one that was added to room for seventeen. */
export function fitted<Item>(list: readonly Item[]): readonly Item[] {
  return list.length === 0 ? list : list.slice();
}

/** How many items stand before the place where `isBefore`, true of the beginning of a sorted list, becomes false; by halving. */
export function countBefore<Item>(list: readonly Item[], isBefore: (item: Item) => boolean): number {
  let low = 0;
  for (let high = list.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (isBefore(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
