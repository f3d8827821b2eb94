/** collections.OrderedDict: what a state dict is. A Map keeps its order anyway; only the text and `pop` are Python's. */
import { KeyError } from "../check.ts";
import { containerText, repr, str } from "./python-text.ts";

/** A Map that prints as `OrderedDict([('a', 1), ('b', 2)])`. */
export class OrderedDict<K, V> extends Map<K, V> {
  static override readonly name: string = "OrderedDict";

  /** Removes a key and returns its value; `fallback` is for a missing one. Errors: KeyError without a fallback. */
  pop(key: K, fallback?: V): V {
    const value = this.get(key);
    if (!this.delete(key)) {
      if (fallback === undefined) throw new KeyError(str(key));
      return fallback;
    }
    return value!;
  }

  /** The keys; print as `odict_keys(['a', 'b'])`. */
  override keys(): MapIterator<K> {
    return printing(super.keys(), () => `odict_keys(${repr([...super.keys()])})`);
  }

  /** The values; print as `odict_values([1, 2])`. */
  override values(): MapIterator<V> {
    return printing(super.values(), () => `odict_values(${repr([...super.values()])})`);
  }

  override toString(): string {
    if (this.size === 0) return "OrderedDict()";
    return containerText(this, "...", () => {
      return `OrderedDict([${Array.from(this, ([key, value]) => `(${repr(key)}, ${repr(value)})`).join(", ")}])`;
    });
  }
}

/** An iterator with a text. */
function printing<I extends object>(iterator: I, text: () => string): I {
  return Object.defineProperty(iterator, "toString", { value: text });
}
