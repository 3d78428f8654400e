import { Button, Group } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { Link, useLocation } from "react-router";
import { linkTo, newerCursor, olderTrail } from "./cursors";

/** “Newer” and “Older” for a list paged by cursors. The page is in the address, so it can be linked. */
export function CursorPager({ next }: { next: string | null | undefined }) {
  const location = useLocation();
  const { search } = location;
  const state: unknown = location.state;
  const current = new URLSearchParams(search).get("cursor");
  if (current === null && !next) return null;

  const newer = newerCursor(state);
  return (
    <nav aria-label="Pages">
      <Group justify="space-between">
        {current === null ? (
          <span />
        ) : (
          <Button
            component={Link}
            to={linkTo(search, newer.cursor)}
            state={newer.state}
            variant="default"
            leftSection={<IconChevronLeft size={16} aria-hidden />}
          >
            {newer.known ? "Newer" : "Newest"}
          </Button>
        )}
        {next && (
          <Button
            component={Link}
            to={linkTo(search, next)}
            state={olderTrail(state, current)}
            variant="default"
            rightSection={<IconChevronRight size={16} aria-hidden />}
          >
            Older
          </Button>
        )}
      </Group>
    </nav>
  );
}
