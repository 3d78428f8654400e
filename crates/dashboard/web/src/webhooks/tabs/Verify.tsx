import { Stack } from "@mantine/core";
import { PublicKey } from "../SecretOnce";
import type { Webhook } from "../types";
import { VerifyingCode } from "../verifying/VerifyingCode";

/** How the receiver knows that a request is genuine. */
export function Verify({ webhook }: { webhook: Webhook }) {
  return (
    <Stack>
      <VerifyingCode profile={webhook.profile ?? "standard"} signing={webhook.signing} />
      {webhook.public_key && <PublicKey value={webhook.public_key} />}
    </Stack>
  );
}
