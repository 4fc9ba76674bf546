// The menu of a function, by the pointer or the keyboard.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { shortName } from "../format";
import { written } from "../keys";
import type { MenuItem } from "../shell";

export interface MenuState {
  x: number;
  y: number;
  title: string;
  items: MenuItem[];
}

export function Menu({ menu, close }: { menu: MenuState; close(): void }) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    const { width, height } = element.getBoundingClientRect();
    element.style.left = `${Math.max(4, Math.min(menu.x, innerWidth - width - 4))}px`;
    element.style.top = `${Math.max(4, Math.min(menu.y, innerHeight - height - 4))}px`;
    element.querySelector<HTMLElement>("[role=menuitem]")?.focus();
  }, [menu]);
  useEffect(() => {
    const outside = (event: Event) => {
      if (!box.current?.contains(event.target as Node)) close();
    };
    addEventListener("pointerdown", outside);
    addEventListener("blur", close);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("blur", close);
    };
  }, []);
  const onKey = (event: KeyboardEvent) => {
    event.stopPropagation();
    const entries = [...(box.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = entries.indexOf(document.activeElement as HTMLElement);
    const focus = (place: number) => entries[(place + entries.length) % entries.length]?.focus();
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") focus(at + 1);
    else if (event.key === "ArrowUp") focus(at - 1);
    else {
      const item = menu.items.find((known) => known.key === event.key);
      if (!item || event.ctrlKey || event.metaKey) return;
      close();
      item.run();
    }
    event.preventDefault();
  };
  return (
    <div class="menu" role="menu" ref={box} onKeyDown={onKey} aria-label={menu.title}>
      <div class="menu-title" title={menu.title}>{shortName(menu.title)}</div>
      {menu.items.map((item) => (
        <a
          role="menuitem"
          tabIndex={-1}
          href={item.href ?? "#"}
          onClick={(event) => {
            // A view opens in a tab of its own where the browser is asked to.
            if (item.href && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
            event.preventDefault();
            close();
            item.run();
          }}
        >
          <span>{item.label}</span>
          {item.key && <kbd>{written(item.key)}</kbd>}
        </a>
      ))}
    </div>
  );
}
