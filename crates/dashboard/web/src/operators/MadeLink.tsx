import { Button, Code, Group, Stack, Text, Title } from "@mantine/core";
import { IconLink } from "@tabler/icons-react";
import { CodeBlock } from "../parts/CodeBlock";
import { CopyButton } from "../parts/CopyButton";
import { Time } from "../parts/Time";
import { embedSnippet } from "./embed";
import { Once } from "./Once";
import type { PortalLink, Tenant } from "./queries";

interface Props {
  link: PortalLink;
  tenant: Tenant;
  onAnother: () => void;
}

/** A portal link that was just made, and how to show the portal inside a page. */
export function MadeLink({ link, tenant, onAnother }: Props) {
  return (
    <Stack>
      <Once icon={IconLink} title="Copy it now: it is shown this once" text={link.url}>
        Give it to one person. It works once, until <Time at={link.expires_at} />.
      </Once>
      <Group>
        <CopyButton value={link.url} label="Copy the link" withText />
        <Button variant="default" size="xs" onClick={onAnother}>
          New link
        </Button>
      </Group>
      <Title order={3} size="h5">
        Embed it
      </Title>
      <Text size="sm" maw="45rem">
        To show the portal inside a page of yours, let your server make a link for each visit with{" "}
        <Code>POST /v1/tenants/{tenant.id}/portal-links</Code> and write it into an iframe. Name your page's
        origin in <Code>[dashboard] frame_origins</Code> of the configuration file: other pages may not show
        it.
      </Text>
      <CodeBlock
        text={embedSnippet(link.url, `Webhooks of ${tenant.name || tenant.id}`)}
        language="html"
        label="Element that embeds the portal"
      />
    </Stack>
  );
}
