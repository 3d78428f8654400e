import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState, type SubmitEvent } from "react";
import { useNavigate } from "react-router";
import { eventTypePath } from "../app/paths";
import { nameProblem } from "./name";

interface Props {
  tenant: string;
  opened: boolean;
  onClose: () => void;
}

/** Asks for the name of a type; the form for the rest has a link of its own. */
export function NewType({ tenant, opened, onClose }: Props) {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();

  function goOn(submission: SubmitEvent) {
    submission.preventDefault();
    const wrong = nameProblem(name.trim());
    setProblem(wrong);
    if (wrong === undefined) void navigate(`${eventTypePath(tenant, name.trim())}?edit`);
  }

  return (
    <Modal opened={opened} onClose={onClose} title="Describe a type of event">
      <form onSubmit={goOn}>
        <Stack>
          <TextInput
            data-autofocus
            label="Name"
            description="As your services publish it: segments of a-z, 0-9, _ and -, joined by dots"
            placeholder="order.paid"
            autoComplete="off"
            spellCheck={false}
            value={name}
            error={problem}
            onChange={(input) => {
              setName(input.currentTarget.value);
              setProblem(undefined);
            }}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit">Go on</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
