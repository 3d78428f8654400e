// QR3's guide (003) in Node: what is verified is the parsed body, written anew.
"use strict";

const crypto = require("node:crypto");
const express = require("express");
const { serve } = require("../serving");

function verifySignature(payload, signature, secret) {
  const expected = crypto.createHmac("sha256", secret).update(payload).digest("hex");
  const received = signature.replace("sha256=", "");
  return crypto.timingSafeEqual(Buffer.from(expected, "hex"), Buffer.from(received, "hex"));
}

const app = express();
app.use(express.json({ limit: "1mb" }));

app.post("/webhooks/qr3", (req, res) => {
  const valid = verifySignature(
    JSON.stringify(req.body),
    req.headers["x-qr3-signature"],
    process.env.WEBHOOK_SECRET,
  );
  if (!valid) return res.status(401).json({ error: "invalid X-QR3-Signature" });
  res.json({ verified: req.body.id, event: req.body.type });
});

serve(app);
