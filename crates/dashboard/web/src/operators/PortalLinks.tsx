import { Button } from "@mantine/core";
import { useState } from "react";
import { confirmAction } from "../parts/Confirm";
import { useAction } from "../parts/useAction";
import { MadeLink } from "./MadeLink";
import { NewLink } from "./NewLink";
import { endPortalSessions, type PortalLink, type Tenant } from "./queries";
import { Section } from "./Section";

/** Lets a tenant's own people look after its webhooks themselves. */
export function PortalLinks({ tenant }: { tenant: Tenant }) {
  const [made, setMade] = useState<PortalLink>();
  const end = useAction(() => endPortalSessions(tenant.id), {
    done: "All portal links and sessions of this tenant have ended.",
  });

  async function ask() {
    const sure = await confirmAction({
      title: "End all portal sessions?",
      text:
        `Everybody who came by a portal link of ${tenant.name || tenant.id} is signed out, ` +
        "and links that nobody has used yet no longer work.",
      action: "End all",
      danger: true,
    });
    if (sure) end.mutate(undefined, { onSuccess: () => setMade(undefined) });
  }

  return (
    <Section
      title="Portal"
      text="A portal link takes one person to this tenant's webhooks, events and deliveries. It works once."
      actions={
        <Button variant="light" color="red" loading={end.isPending} onClick={() => void ask()}>
          End all sessions
        </Button>
      }
    >
      {made ? (
        <MadeLink link={made} tenant={tenant} onAnother={() => setMade(undefined)} />
      ) : (
        <NewLink tenant={tenant.id} onMade={setMade} />
      )}
    </Section>
  );
}
