import type { DeliveryStatus } from "./queries";

/** The colour of what is said about a delivery; never the only sign. */
export const COLOURS: Record<DeliveryStatus, string> = {
  pending: "gray",
  retrying: "orange",
  success: "teal",
  failed: "red",
  cancelled: "gray",
};
