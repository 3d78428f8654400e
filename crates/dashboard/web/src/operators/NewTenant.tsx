import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";
import { ProblemError } from "../api/client";
import { administerPath } from "../app/paths";
import { FormProblem } from "../parts/FormProblem";
import { useAction } from "../parts/useAction";
import { makeTenant } from "./makeTenant";
import { changedTenantsKeys, type TenantSettings } from "./queries";
import { idProblem, settingsOf, type TenantDraft } from "./tenantDraft";
import { TenantFields } from "./TenantFields";
import { tenantErrors, useTenantForm } from "./tenantForm";

interface Props {
  opened: boolean;
  onClose: () => void;
}

export function NewTenant(props: Props) {
  return (
    <Modal {...props} title="New tenant">
      <Form onClose={props.onClose} />
    </Modal>
  );
}

function Form({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const form = useTenantForm();
  const [id, setId] = useState("");
  const [wrongId, setWrongId] = useState<string>();
  const make = useAction((settings: TenantSettings) => makeTenant(id.trim(), settings), {
    done: (tenant) => `The tenant ${tenant.id} was made.`,
    refresh: changedTenantsKeys,
    inForm: true,
  });

  function submit(draft: TenantDraft) {
    const wrong = idProblem(id.trim());
    setWrongId(wrong);
    if (wrong !== undefined) return;
    make.mutate(settingsOf(draft), {
      onSuccess: (tenant) => void navigate(administerPath(tenant.id)),
      onError: (problem: ProblemError) => {
        const { id: taken, ...others } = tenantErrors(problem);
        setWrongId(taken);
        form.setErrors(others);
      },
    });
  }

  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack>
        <FormProblem error={make.error} fields={["id", "name", "default_profile", "quota"]} />
        <TextInput
          data-autofocus
          label="Id"
          description="In every call that names the tenant; it cannot change later"
          placeholder="acme"
          autoComplete="off"
          spellCheck={false}
          required
          value={id}
          error={wrongId}
          onChange={(input) => {
            setId(input.currentTarget.value);
            setWrongId(undefined);
          }}
        />
        <TenantFields form={form} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={make.isPending}>
            Create the tenant
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
