// Callers and callees of matching functions.

import { getJson, useAnswer } from "../api";
import type { Tree } from "../contracts";
import { Answered } from "../parts/parts";
import { useChosen } from "../request";
import { useNavigation } from "../route";
import { PatternField } from "./pattern";
import { Entries } from "./tree";

export function Peek() {
  const chosen = useChosen();
  const pattern = useNavigation().get("pattern");
  const answer = useAnswer<Tree>(chosen && pattern ? chosen.url("peek", { pattern }) : null, getJson);
  return (
    <>
      <PatternField what="Peek at" />
      {pattern && <Answered answer={answer}>{(tree) => <Entries tree={tree} />}</Answered>}
    </>
  );
}
