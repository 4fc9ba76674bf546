// Light or dark: as the system, unless the switch says otherwise.

import { useEffect, useState } from "preact/hooks";

export type Choice = "system" | "light" | "dark";
const KEY = "fathom-theme";

function stored(): Choice {
  try {
    const text = localStorage.getItem(KEY);
    return text === "light" || text === "dark" ? text : "system";
  } catch {
    // A browser without storage follows the system.
    return "system";
  }
}

export function useTheme(): { theme: "light" | "dark"; choice: Choice; next(): void } {
  const query = matchMedia("(prefers-color-scheme: dark)");
  const [isDark, setDark] = useState(query.matches);
  const [choice, setChoice] = useState(stored);
  useEffect(() => {
    const follow = () => setDark(query.matches);
    query.addEventListener("change", follow);
    return () => query.removeEventListener("change", follow);
  }, []);
  const theme = choice === "system" ? (isDark ? "dark" : "light") : choice;
  // Before anything is drawn, since the canvas reads its colours from the page.
  document.documentElement.dataset["theme"] = theme;
  const next = () => {
    const other = choice === "system" ? (isDark ? "light" : "dark") : choice === "dark" ? "light" : "dark";
    const now: Choice = other === (isDark ? "dark" : "light") ? "system" : other;
    try {
      localStorage.setItem(KEY, now);
    } catch {
      // It holds until the page is closed.
    }
    setChoice(now);
  };
  return { theme, choice, next };
}
