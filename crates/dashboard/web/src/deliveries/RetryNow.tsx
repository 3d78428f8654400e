import { Button } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { confirmAction } from "../parts/Confirm";
import { useAccess, useTenant } from "../session/session";
import type { Webhook } from "../webhooks/types";
import type { DeliveryInFull } from "./queries";
import { useRetry } from "./retrying";

/** One more attempt, now. */
export function RetryNow({ delivery, webhook }: { delivery: DeliveryInFull; webhook: Webhook }) {
  const { manage } = useAccess();
  const retry = useRetry(useTenant());
  if (!manage || !webhook.is_active || delivery.status === "cancelled") return null;
  const send = async () => {
    const isSure =
      delivery.status !== "success" ||
      (await confirmAction({
        title: "Send it again?",
        text: "The receiver has taken this event already. It gets it once more, with the same id.",
        action: "Send it again",
      }));
    if (isSure) retry.mutate(delivery.id);
  };
  return (
    <Button
      variant={delivery.status === "success" ? "default" : "filled"}
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={retry.isPending}
      onClick={() => void send()}
    >
      {delivery.status === "success" ? "Send again" : "Retry now"}
    </Button>
  );
}
