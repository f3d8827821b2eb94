/** Names from a file, made different where they have to be. */

/** Gives each name, or where it was given before the name with a number. Linear in the number of names. */
export function distinctNames(isTaken: (name: string) => boolean): (name: string) => string {
  const next = new Map<string, number>();
  return (name) => {
    let i = next.get(name) ?? 0;
    let free = i === 0 ? name : `${name}_${i}`;
    while (isTaken(free)) {
      i += 1;
      free = `${name}_${i}`;
    }
    next.set(name, i + 1);
    return free;
  };
}

/** A name as JavaScript has them: letters, digits and "_". */
export function plainName(name: string): string {
  const plain = name
    .slice(0, LONGEST)
    .replace(/\W+/g, "_")
    .replace(/^_+|_+$/g, "");
  return plain === "" ? "unnamed" : plain;
}

/** What is longer helps nobody. */
const LONGEST = 80;
