import { Button, Group } from "@mantine/core";
import { useNavigate } from "react-router";
import { eventTypesPath } from "../app/paths";
import { confirmAction } from "../parts/Confirm";
import { useAction } from "../parts/useAction";
import { deleteEventType, eventTypesKey } from "./queries";

interface Props {
  tenant: string;
  name: string;
  onEdit: () => void;
}

export function TypeActions({ tenant, name, onEdit }: Props) {
  const navigate = useNavigate();
  const remove = useAction(
    async () => {
      await deleteEventType(tenant, name);
      // Before anything is asked for again: this view would find nothing.
      await navigate(eventTypesPath(tenant));
    },
    { done: `The description of ${name} was deleted.`, refresh: [eventTypesKey(tenant)] },
  );

  async function ask() {
    const sure = await confirmAction({
      title: `Delete the description of ${name}?`,
      text:
        "Events of this type can still be published, and webhooks keep getting them. " +
        "Its schema is no longer enforced, and its aliases no longer hold.",
      action: "Delete",
      danger: true,
    });
    if (sure) remove.mutate(undefined);
  }

  return (
    <Group gap="xs">
      <Button variant="default" onClick={onEdit}>
        Edit
      </Button>
      <Button variant="light" color="red" loading={remove.isPending} onClick={() => void ask()}>
        Delete
      </Button>
    </Group>
  );
}
