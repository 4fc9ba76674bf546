// What a search means.

export interface Matcher {
  /** Tells whether a text matches. */
  test(text: string): boolean;
  /** Why the pattern is none. */
  error: string;
}

/** A regular expression, whatever the case of letters; half a one, while it is being typed, is
 * a text. Nothing matches every text. */
export function matcher(pattern: string): Matcher {
  try {
    const regex = new RegExp(pattern, "i");
    return { test: (text) => regex.test(text), error: "" };
  } catch {
    const wanted = pattern.toLowerCase();
    return { test: (text) => text.toLowerCase().includes(wanted), error: "no regular expression: looked for as text" };
  }
}
