/** collections.OrderedDict: what a state dict is. A Map keeps its order anyway; only the text and `pop` are Python's. */
import { KeyError } from "../check.ts";
import { containerText, repr, str } from "./python-text.ts";

/** A Map that prints as `OrderedDict([('a', 1), ('b', 2)])`. */
export class OrderedDict<K, V> extends Map<K, V> {
  /** Removes a key and returns its value; `fallback` is for a missing one. Errors: KeyError without a fallback. */
  pop(key: K, fallback?: V): V {
    const value = this.get(key);
    if (!this.delete(key)) {
      if (fallback === undefined) throw new KeyError(str(key));
      return fallback;
    }
    return value!;
  }

  override toString(): string {
    if (this.size === 0) return "OrderedDict()";
    return containerText(this, "...", () => {
      return `OrderedDict([${Array.from(this, ([key, value]) => `(${repr(key)}, ${repr(value)})`).join(", ")}])`;
    });
  }
}
