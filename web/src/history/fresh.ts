// Answers that are asked for again and again while they are looked at.

import { useEffect, useRef, useState } from "preact/hooks";
import type { Problem } from "../api";

let isPressed = false;
addEventListener("mousedown", () => (isPressed = true), true);
addEventListener("mouseup", () => (isPressed = false), true);

/** Waits while the mouse is down: newer data are no reason to cut off a drag. */
async function released(): Promise<void> {
  while (isPressed) await new Promise((resolve) => setTimeout(resolve, 50));
}

export interface Fresh<T> {
  data: T | null;
  problem: Problem | null;
}

/**
 * What is answered about a subject, asked anew whenever the moment is another. One question is
 * under way at a time: an answer that is slower than the moments go by is shown all the same.
 */
export function useFresh<T>(subject: string, moment: string, ask: () => Promise<T>, isWanted = true): Fresh<T> {
  const [fresh, setFresh] = useState<Fresh<T> & { subject: string }>({ data: null, problem: null, subject });
  const wanted = useRef({ subject, moment, ask });
  wanted.current = { subject, moment, ask };
  const state = useRef({ isAsking: false, isGone: false });
  useEffect(() => {
    state.current.isGone = false;
    return () => {
      state.current.isGone = true;
    };
  }, []);
  useEffect(() => {
    if (!isWanted || state.current.isAsking) return;
    const goOn = async () => {
      state.current.isAsking = true;
      for (;;) {
        const asked = wanted.current;
        const told = await asked.ask().then(
          (data) => ({ data, problem: null }),
          (problem: Problem) => ({ data: null, problem }),
        );
        await released();
        if (state.current.isGone) return;
        const now = wanted.current;
        if (now.subject === asked.subject) {
          // What was there before stays when there is no newer answer.
          setFresh((before) => ({ ...told, data: told.data ?? (before.subject === asked.subject ? before.data : null), subject: asked.subject }));
          if (now.moment === asked.moment) break;
        }
      }
      state.current.isAsking = false;
    };
    void goOn();
  }, [subject, moment, isWanted]);
  return fresh.subject === subject ? fresh : { data: null, problem: null };
}
