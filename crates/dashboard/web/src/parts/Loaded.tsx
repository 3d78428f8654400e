import { Alert, Button, Group, Skeleton, Stack, Text, VisuallyHidden } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { asProblem } from "../api/problem";
import { Failure } from "./Failure";

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  /** Whether there is nothing to show. */
  empty?: (data: T) => boolean;
  whenEmpty?: ReactNode;
  /** What stands there until the answer comes; a few grey lines otherwise. */
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}

/** What a query gives, in each of its states: loading, failed, refused, empty, there. */
export function Loaded<T>({ query, empty, whenEmpty, skeleton, children }: LoadedProps<T>) {
  const { data, error, isError, isPending } = query;
  const retry = () => void query.refetch();
  if (isPending) return <Loading>{skeleton}</Loading>;
  if (data === undefined) return <Failure error={error} retry={retry} />;
  return (
    <>
      {isError && <Outdated error={error} retry={retry} />}
      {empty?.(data) && whenEmpty !== undefined ? whenEmpty : children(data)}
    </>
  );
}

function Loading({ children }: { children: ReactNode }) {
  return (
    <div role="status" aria-busy>
      <VisuallyHidden>Loading…</VisuallyHidden>
      {children ?? (
        <Stack gap="sm" aria-hidden>
          <Skeleton height={28} width="60%" />
          <Skeleton height={28} />
          <Skeleton height={28} />
          <Skeleton height={28} width="80%" />
        </Stack>
      )}
    </div>
  );
}

/** What is on the screen is true, but old: it stays, and says so. */
function Outdated({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <Alert color="orange" mb="md" role="status">
      <Group justify="space-between">
        <Text size="sm">This could not be brought up to date. {asProblem(error).detail}</Text>
        <Button variant="default" size="xs" onClick={retry}>
          Try again
        </Button>
      </Group>
    </Alert>
  );
}
