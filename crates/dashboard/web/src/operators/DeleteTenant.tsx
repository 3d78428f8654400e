import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { useAction } from "../parts/useAction";
import { apiKeysKey, changedTenantsKeys, deleteTenant } from "./queries";
import { Section } from "./Section";

export function DeleteTenant({ tenant }: { tenant: string }) {
  const [asking, setAsking] = useState(false);
  return (
    <Section
      title="Delete this tenant"
      text="At once nothing of it is accepted, delivered or shown. This cannot be undone."
      actions={
        <Button color="red" variant="light" onClick={() => setAsking(true)}>
          Delete tenant
        </Button>
      }
    >
      <Modal opened={asking} onClose={() => setAsking(false)} title={`Delete the tenant ${tenant}?`}>
        <Asking tenant={tenant} onCancel={() => setAsking(false)} />
      </Modal>
    </Section>
  );
}

function Asking({ tenant, onCancel }: { tenant: string; onCancel: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState("");
  const sure = typed.trim() === tenant;
  const remove = useAction(
    async () => {
      await deleteTenant(tenant);
      // Before anything is asked for again: this view would find nothing.
      await navigate("/tenants");
    },
    { done: `The tenant ${tenant} was deleted.`, refresh: [...changedTenantsKeys, apiKeysKey] },
  );

  return (
    <form
      onSubmit={(submission) => {
        submission.preventDefault();
        if (sure) remove.mutate(undefined);
      }}
    >
      <Stack>
        <Text>
          Its webhooks, keys, portal links, events and deliveries go with it. What happened is erased within a
          minute; payloads leave the streams with their retention.
        </Text>
        <TextInput
          data-autofocus
          label={`Type ${tenant} to confirm`}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(input) => setTyped(input.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" color="red.9" disabled={!sure} loading={remove.isPending}>
            Delete tenant
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
