import { Box, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { CodeBlock } from "../parts/CodeBlock";
import { HeaderTable } from "../parts/HeaderTable";
import { Loaded } from "../parts/Loaded";
import { useTenant } from "../session/session";
import { type SampleInput, sampleQuery } from "./queries";

/** Typing should not ask for a sample at every letter. */
const SETTLED_AFTER = 400;

interface SampleRequestProps {
  profile: string;
  input: SampleInput;
  url: string;
}

/** A request as the receiver will get it, rendered by the server itself. */
export function SampleRequest({ profile, input, url }: SampleRequestProps) {
  const [settled] = useDebouncedValue(input, SETTLED_AFTER);
  const sample = useQuery(sampleQuery(useTenant(), profile, settled));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        What your receiver gets
      </Text>
      <Loaded query={sample}>
        {({ headers, body }) => (
          <Stack gap="xs">
            <Box>
              <Text size="xs" ff="monospace" dir="ltr">
                POST {url.trim() || "https://…"}
              </Text>
              <HeaderTable headers={headers} label="Headers of the sample" />
            </Box>
            <CodeBlock text={body} language="json" label="Body of the sample" maxHeight={240} />
            <Text size="xs" c="dimmed">
              A sample, signed with a secret that was made for it.
            </Text>
          </Stack>
        )}
      </Loaded>
    </Stack>
  );
}
