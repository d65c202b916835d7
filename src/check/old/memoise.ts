/**
 * Makes a function that works out `make` once for each object, at the first question, and keeps the answer for as long
 * as the object lives. `context` is what the answer needs beside the object and always comes with it.
 */
export function memoise<K extends object, V, C = void>(
  make: (key: K, context: C) => V,
): (key: K, context: C) => V {
  const known = new WeakMap<K, { value: V }>();
  return (key, context) => {
    let found = known.get(key);
    if (found === undefined) {
      found = { value: make(key, context) };
      known.set(key, found);
    }
    return found.value;
  };
}
