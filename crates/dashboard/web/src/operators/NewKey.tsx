import { Button, Group, Modal, Stack } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { CopyButton } from "../parts/CopyButton";
import { NewKeyForm } from "./NewKeyForm";
import { Once } from "./Once";

interface Props {
  /** The tenant that the key is for; without one it is asked for. */
  tenant?: string;
  opened: boolean;
  onClose: () => void;
}

/** Makes a key and shows it, this once. */
export function NewKey({ tenant, opened, onClose }: Props) {
  const [key, setKey] = useState<string>();
  const asking = key === undefined;
  function close() {
    setKey(undefined);
    onClose();
  }
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={asking ? "New API key" : "Your new API key"}
      // A slip of the hand must not lose a key that is never shown again.
      closeOnClickOutside={asking}
      closeOnEscape={asking}
      withCloseButton={asking}
    >
      {asking ? (
        <NewKeyForm tenant={tenant} onMade={setKey} onCancel={close} />
      ) : (
        <Made apiKey={key} onStored={close} />
      )}
    </Modal>
  );
}

function Made({ apiKey, onStored }: { apiKey: string; onStored: () => void }) {
  return (
    <Stack>
      <Once icon={IconKey} title="Copy it now" text={apiKey}>
        It is shown this once. Fanfare keeps only its hash.
      </Once>
      <Group justify="space-between">
        <CopyButton value={apiKey} label="Copy the key" withText />
        <Button onClick={onStored}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
