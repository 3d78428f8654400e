import { Anchor, Breadcrumbs, Group, Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { Link, useLocation } from "react-router";
import styles from "./Page.module.css";
import { useDocumentTitle } from "./documentTitle";

export interface Crumb {
  label: string;
  to?: string;
}

interface PageProps {
  /** The heading, and the document's title. */
  title: string;
  /** What stands as the heading where plain text is not enough; `title` is still the document's. */
  heading?: ReactNode;
  /** A line below the heading. */
  description?: ReactNode;
  /** Buttons at the right of the heading. */
  actions?: ReactNode;
  crumbs?: readonly Crumb[];
  children?: ReactNode;
}

/** A view: where one is, what it is called, what can be done, and what there is to see. */
export function Page({ title, heading, description, actions, crumbs = [], children }: PageProps) {
  const headingRef = useHeadingFocus();
  useDocumentTitle(title);
  return (
    <Stack gap="lg">
      <div>
        {crumbs.length > 0 && <Crumbs crumbs={crumbs} />}
        <Group justify="space-between" align="flex-start" gap="sm">
          <div className={styles.titles}>
            <Title order={1} size="h2" ref={headingRef} tabIndex={-1} className={styles.heading}>
              {heading ?? title}
            </Title>
            {description !== undefined && (
              <Text c="dimmed" size="sm" component="div">
                {description}
              </Text>
            )}
          </div>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </div>
      {children}
    </Stack>
  );
}

function Crumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumbs" className={styles.crumbs}>
      <Breadcrumbs separatorMargin={6}>
        {crumbs.map(({ label, to }) =>
          to === undefined ? (
            <Text key={label} size="sm" c="dimmed" truncate>
              {label}
            </Text>
          ) : (
            <Anchor key={label} component={Link} to={to} size="sm" truncate>
              {label}
            </Anchor>
          ),
        )}
      </Breadcrumbs>
    </nav>
  );
}

/** Whether a view has been shown since the document was loaded. */
let begun = false;

/**
 * After a navigation the heading has the focus, as after loading a page; not where a field has taken it
 * already.
 */
function useHeadingFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  const { pathname } = useLocation();
  // The first view is where the browser itself begins to read.
  const seen = useRef(begun ? null : pathname);
  useEffect(() => {
    begun = true;
    if (seen.current === pathname) return;
    seen.current = pathname;
    const taken = document.activeElement?.matches("main :is(input, textarea, select)");
    if (!taken) heading.current?.focus({ preventScroll: true });
  }, [pathname]);
  return heading;
}
