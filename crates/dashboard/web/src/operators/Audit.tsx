import { Anchor, Code, Stack, Text } from "@mantine/core";
import { IconHistory } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { administerPath } from "../app/paths";
import { Rows, type Column } from "../parts/Rows";
import { CursorPager } from "../parts/CursorPager";
import { Empty } from "../parts/Empty";
import { Loaded } from "../parts/Loaded";
import { Page } from "../parts/Page";
import { Time } from "../parts/Time";
import { actionWords, actorWords, targetPath } from "./auditWords";
import { auditQuery, type AuditLine } from "./queries";

/** Who changed what, and when. */
export function Component() {
  const [params] = useSearchParams();
  const audit = useQuery(auditQuery(params.get("cursor") ?? undefined));
  return (
    <Page title="Audit">
      <Loaded
        query={audit}
        empty={(page) => page.data.length === 0}
        whenEmpty={
          <Empty
            icon={<IconHistory />}
            title="No changes yet"
            text="Every change of tenants, keys, webhooks and types is noted here."
          />
        }
      >
        {(page) => (
          <Stack>
            <Rows
              label="Changes of the configuration"
              columns={COLUMNS}
              rows={page.data}
              // Lines have no ids, and a page of them is never changed in the middle.
              keyOf={(line, place) => `${line.at} ${line.action} ${line.target} ${place}`}
              stale={audit.isPlaceholderData}
            />
            <CursorPager next={page.next_cursor ?? null} />
          </Stack>
        )}
      </Loaded>
    </Page>
  );
}

const COLUMNS: Column<AuditLine>[] = [
  { head: "When", cell: (line) => <Time at={line.at} /> },
  { head: "Who", cell: (line) => <Text size="sm">{actorWords(line.actor)}</Text> },
  { head: "What", cell: (line) => <Text size="sm">{actionWords(line.action)}</Text> },
  { head: "Tenant", cell: (line) => <TenantLink tenant={line.tenant} /> },
  { head: "Target", cell: (line) => <Target line={line} /> },
  { head: "Fields", cell: (line) => <Fields names={line.fields} /> },
];

function TenantLink({ tenant }: { tenant: string | null | undefined }) {
  if (!tenant) return "–";
  return (
    <Anchor component={Link} to={administerPath(tenant)} size="sm">
      {tenant}
    </Anchor>
  );
}

function Target({ line }: { line: AuditLine }) {
  const path = targetPath(line);
  const name = (
    <Text span size="xs" ff="monospace">
      {line.target}
    </Text>
  );
  return path === undefined ? (
    name
  ) : (
    <Anchor component={Link} to={path}>
      {name}
    </Anchor>
  );
}

function Fields({ names }: { names: string[] }) {
  if (names.length === 0) return "–";
  return (
    <Text size="sm">
      {names.map((name, place) => (
        <span key={name}>
          {place > 0 && " "}
          <Code>{name}</Code>
        </span>
      ))}
    </Text>
  );
}
