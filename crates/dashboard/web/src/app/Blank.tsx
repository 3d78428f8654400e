import { Loader, Paper, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { BrandMark } from "./BrandMark";
import styles from "./Blank.module.css";

/** A page without the shell: the sign-in, and what is seen before anything is known. */
export function Blank({ children, busy = false }: { children?: ReactNode; busy?: boolean }) {
  return (
    <main className={styles.page}>
      <Stack className={styles.column}>
        <BrandMark />
        {busy ? (
          <Loader aria-label="Loading" role="status" />
        ) : (
          <Paper withBorder p="lg">
            <Stack>{children}</Stack>
          </Paper>
        )}
      </Stack>
    </main>
  );
}
