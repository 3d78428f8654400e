import { useEffect } from "react";
import { brand } from "../app/brand";

/** What the browser's tab and its history say. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · ${brand.name}`;
  }, [title]);
}
