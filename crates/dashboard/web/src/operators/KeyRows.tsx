import { Anchor, Button, Text } from "@mantine/core";
import { Link } from "react-router";
import { administerPath } from "../app/paths";
import { Rows, type Column } from "../parts/Rows";
import { confirmAction } from "../parts/Confirm";
import { Time } from "../parts/Time";
import { useAction } from "../parts/useAction";
import { useAccess } from "../session/session";
import { apiKeysKey, deleteKey, type ApiKey } from "./queries";

interface Props {
  label: string;
  keys: ApiKey[];
  /** Whether to say whose key each is. */
  owners?: boolean;
  stale?: boolean;
}

export function KeyRows({ label, keys, owners = false, stale }: Props) {
  const { manage } = useAccess();
  const columns = [KEY, ...(owners ? [OWNER] : []), SCOPE, MADE, ...(manage ? [DELETE] : [])];
  return <Rows label={label} columns={columns} rows={keys} keyOf={(key) => key.id} stale={stale} />;
}

const KEY: Column<ApiKey> = {
  head: "Key",
  cell: (key) => (
    <>
      <Text fw={500} size="sm">
        {key.name || "Without a name"}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {key.id}
      </Text>
    </>
  ),
};

const OWNER: Column<ApiKey> = {
  head: "For",
  cell: ({ tenant }) =>
    tenant ? (
      <Anchor component={Link} to={administerPath(tenant)}>
        {tenant}
      </Anchor>
    ) : (
      <Text fw={500} size="sm">
        Operators
      </Text>
    ),
};

const SCOPE: Column<ApiKey> = {
  head: "May",
  cell: ({ scope }) => (scope === "publish" ? "publish events" : "do everything"),
};

const MADE: Column<ApiKey> = { head: "Made", cell: (key) => <Time at={key.created_at} relative /> };

const DELETE: Column<ApiKey> = { head: "Delete", cell: (key) => <DeleteKey of={key} /> };

function DeleteKey({ of: { id, name, tenant } }: { of: ApiKey }) {
  const remove = useAction(() => deleteKey(id), { done: "The key was deleted.", refresh: [apiKeysKey] });

  async function ask() {
    const sure = await confirmAction({
      title: `Delete the key ${name || id}?`,
      text: `Whatever uses it${tenant ? ` for ${tenant}` : ""} is refused from then on. It cannot be undone.`,
      action: "Delete key",
      danger: true,
    });
    if (sure) remove.mutate(undefined);
  }

  return (
    <Button
      size="compact-sm"
      variant="light"
      color="red"
      loading={remove.isPending}
      onClick={() => void ask()}
      aria-label={`Delete the key ${name || id}`}
    >
      Delete
    </Button>
  );
}
