import { type RefObject, useEffect, useRef } from "react";

/**
 * A button that is busy is disabled, and loses the focus by that. What this gives back returns the focus to
 * where it was, unless it has gone somewhere else.
 */
export function keepFocus(): () => void {
  const before = document.activeElement;
  return () => {
    // The button can take it again once it has been drawn anew.
    setTimeout(() => {
      const lost = document.activeElement === null || document.activeElement === document.body;
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    }, 50);
  };
}

/** For what takes the place of a form: the focus goes on there. Needs `tabIndex={-1}`. */
export function useFocusWhenShown<E extends HTMLElement>(): RefObject<E | null> {
  const element = useRef<E>(null);
  useEffect(() => element.current?.focus(), []);
  return element;
}
