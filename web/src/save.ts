// Saving what is shown: pictures, tables, the profile under the filters, the page itself.

import { getBlob, endpoint, type Problem } from "./api";
import type { Chosen } from "./request";
import type { Navigation } from "./route";
import { saved } from "./saved";
import type { MenuItem } from "./shell";
import { query } from "./state";

/** A name that every file system takes. */
export function fileName(subject: string, view: string, at: Date, ending: string): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const plain = subject.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80);
  return `${plain || "fathom"}-${view}-${day}-${time}.${ending}`;
}

/** What can be saved of a view; nothing of a page that was saved. */
export function saveItems(title: string, chosen: Chosen | null, navigation: Navigation, tell: (text: string) => void): MenuItem[] {
  if (saved) return [];
  const view = navigation.view || "explain";
  const item = (label: string, key: string, ending: string, url: string): MenuItem => ({
    label,
    key,
    run: () => {
      tell("Saving…");
      getBlob(url).then(
        (blob) => {
          const name = fileName(title, view, new Date(), ending);
          hand(blob, name);
          tell(`Saved ${name}`);
        },
        (problem: Problem) => tell(problem.detail),
      );
    },
  });
  const items: MenuItem[] = [];
  if (chosen && view === "flame") {
    const further = { walk: navigation.get("walk") ?? "", pivot: navigation.get("pivot") ?? "" };
    items.push(item("Picture in pixels (.png)", "p", "png", chosen.url("flame.png", further)));
    items.push(item("Picture (.svg)", "s", "svg", chosen.url("flame.svg", further)));
  }
  if (chosen && view === "graph") {
    items.push(item("Picture in pixels (.png)", "p", "png", chosen.url("graph.png")));
    items.push(item("Picture (.svg)", "s", "svg", chosen.url("graph.svg")));
  }
  if (chosen && (view === "top" || view === "tree" || view === "tags")) {
    const isChange = view === "top" && chosen.isCompared && !navigation.get("side");
    items.push(item("Table (.csv)", "c", "csv", chosen.url(isChange ? "diff.csv" : `${view}.csv`)));
  }
  if (chosen) items.push(item("Profile under these filters (.pb.gz)", "g", "pb.gz", chosen.url("profile.pb.gz")));
  const here = `${view}${query(navigation.params)}`;
  items.push(item("This page as one file (.html)", "h", "html", endpoint("page.html", [["view", here]])));
  if (view !== "source" && view !== "disasm") {
    items.push(item("The page without source code and paths (.html)", "w", "html", endpoint("page.html", [["view", here], ["source", "false"]])));
  }
  return items;
}

/** Hands a file to the browser, which puts it where downloads go. */
function hand(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
