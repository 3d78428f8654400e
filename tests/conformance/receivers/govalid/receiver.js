// GoValid's guide (000) in Node: the header signs the raw body; the body's own `signature` signs the rest of it.
"use strict";

const crypto = require("node:crypto");
const express = require("express");
const { serve } = require("../serving");

function verifyWebhook(payload, signature, secret) {
  const digest = crypto.createHmac("sha256", secret).update(payload).digest("hex");
  return `sha256=${digest}` === signature;
}

const app = express();

app.post("/webhook", express.text({ type: "application/json", limit: "1mb" }), (req, res) => {
  const secret = process.env.WEBHOOK_SECRET;
  if (!verifyWebhook(req.body, req.headers["x-govalid-signature"], secret)) {
    return res.status(401).json({ error: "X-GoValid-Signature is not that of the body" });
  }
  const { signature, ...event } = JSON.parse(req.body);
  if (!verifyWebhook(JSON.stringify(event), signature, secret)) {
    return res.status(401).json({ error: "the body's signature is not that of the body without it" });
  }
  res.json({ verified: req.headers["x-govalid-event-id"], event: event.event });
});

serve(app);
