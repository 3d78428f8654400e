import { Box, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useId, type ReactNode } from "react";

interface Props {
  title: string;
  text?: string;
  actions?: ReactNode;
  children?: ReactNode;
}

/** One of the things that can be done with a tenant. */
export function Section({ title, text, actions, children }: Props) {
  const id = useId();
  return (
    <Paper component="section" withBorder p="md" aria-labelledby={id}>
      <Stack>
        <Group justify="space-between" align="flex-start" gap="sm">
          <Box flex="1 1 18rem">
            <Title order={2} size="h4" id={id}>
              {title}
            </Title>
            {text && (
              <Text size="sm" c="dimmed" maw="45rem">
                {text}
              </Text>
            )}
          </Box>
          {actions}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
