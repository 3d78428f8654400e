import { Alert, List, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type ProblemError, fieldPath } from "../api/problem";

export { fieldProblems } from "../api/problem";

interface FormProblemProps {
  error: ProblemError | null;
  /** The fields that show their problems themselves, by their paths; what lies below one belongs to it. */
  fields?: readonly string[];
}

/** What is wrong with what a form has sent, as far as no field shows it. */
export function FormProblem({ error, fields = [] }: FormProblemProps) {
  if (error === null) return null;
  const others = error.errors.filter(({ pointer }) => !isShown(fieldPath(pointer), fields));
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={error.title} role="alert">
      <Text size="sm">{error.detail}</Text>
      {others.length > 0 && (
        <List size="sm" mt={4}>
          {others.map(({ pointer, detail }) => (
            <List.Item key={pointer}>
              {fieldPath(pointer) && <b>{fieldPath(pointer)}: </b>}
              {detail}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  );
}

function isShown(path: string, fields: readonly string[]): boolean {
  return fields.some((field) => path === field || path.startsWith(`${field}.`));
}
