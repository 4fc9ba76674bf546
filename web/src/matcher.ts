// What a search in a table finds.

/** Tells whether a text matches; half a pattern, while it is being typed, is a text. */
export function matcher(pattern: string): (name: string) => boolean {
  if (!pattern) return () => true;
  try {
    const regex = new RegExp(pattern, "i");
    return (name) => regex.test(name);
  } catch {
    const text = pattern.toLowerCase();
    return (name) => name.toLowerCase().includes(text);
  }
}
