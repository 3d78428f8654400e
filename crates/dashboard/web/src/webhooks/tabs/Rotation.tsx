import { Button, Group, NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { answered, api, inTenant } from "../../api/client";
import { FormProblem, fieldProblems } from "../../parts/FormProblem";
import { Time } from "../../parts/Time";
import { useAction } from "../../parts/useAction";
import { useTenant } from "../../session/session";
import { SecretInput } from "../form/SecretInput";
import { SecretOnce } from "../SecretOnce";
import type { Profile, Webhook } from "../types";
import { OVERLAPS, overlapWords } from "./overlap";

interface RotationProps {
  webhook: Webhook;
  profile: Profile | undefined;
  /** The new secret is there, and seen this once. */
  onRotated: () => void;
  onClose: () => void;
}

/** Replaces the secret by another, and shows that one once. */
export function Rotation({ webhook, profile, onRotated, onClose }: RotationProps) {
  const tenant = useTenant();
  const [overlap, setOverlap] = useState("24h");
  const [secret, setSecret] = useState("");
  const params = { header: inTenant(tenant), path: { id: webhook.id } };
  const rotate = useAction(
    () => {
      const body = { overlap, ...(secret === "" ? {} : { secret }) };
      return answered(api.POST("/v1/webhooks/{id}/secret/rotate", { params, body }));
    },
    { refresh: [["live", tenant, "webhook", webhook.id]], inForm: true },
  );
  const holds = profile?.signature.holds;
  const problems = fieldProblems(rotate.error);

  if (rotate.data) {
    const { previous_secret_until: until } = rotate.data;
    return (
      <Stack>
        <SecretOnce secret={rotate.data.secret} title="The new secret" />
        <Text size="sm">
          {until ? (
            <>
              The old secret signs until <Time at={until} />. {overlapWords(holds, false)}
            </>
          ) : (
            "It signs from now on; the old secret no longer does."
          )}
        </Text>
        <Group justify="flex-end">
          <Button onClick={onClose}>I have kept it</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        rotate.mutate(undefined, { onSuccess: onRotated });
      }}
    >
      <Stack>
        <NativeSelect
          label="How long the old secret goes on signing"
          description={overlapWords(holds, overlap === "0s")}
          data={OVERLAPS}
          value={overlap}
          onChange={(event) => setOverlap(event.currentTarget.value)}
          error={problems.overlap}
        />
        <SecretInput
          profile={profile}
          label="New secret"
          value={secret}
          onChange={setSecret}
          error={problems.secret}
        />
        <FormProblem error={rotate.error} fields={["overlap", "secret"]} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={rotate.isPending}>
            Rotate
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
