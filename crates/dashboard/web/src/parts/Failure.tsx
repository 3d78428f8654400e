import { Alert, Button, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconMapPinOff } from "@tabler/icons-react";
import { asProblem } from "../api/problem";
import { Empty } from "./Empty";
import { Forbidden } from "./Forbidden";

interface FailureProps {
  error: unknown;
  retry?: () => void;
}

/** Why something could not be shown, in the words that fit, and what to do. */
export function Failure({ error, retry }: FailureProps) {
  const problem = asProblem(error);
  if (problem.status === 403) return <Forbidden text={problem.detail} />;
  if (problem.status === 404) {
    return (
      <Empty
        icon={<IconMapPinOff />}
        title="It is not there"
        text="It may have been deleted, or the link is incomplete."
      />
    );
  }
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={problem.title} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{problem.detail}</Text>
        {problem.errors.map(({ pointer, detail }) => (
          <Text size="sm" key={pointer}>
            {detail}
          </Text>
        ))}
        {retry && (
          <Button variant="default" size="xs" onClick={retry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
