// Guide 002: verify with the signing secret that was shown once, tell repeats by the event's id, answer at once.
"use strict";

const express = require("express");
const { Webhook } = require("standardwebhooks");
const { serve } = require("../serving");

const handled = new Set();

const app = express();

app.post("/webhooks", express.raw({ type: "application/json", limit: "1mb" }), (req, res) => {
  let event;
  try {
    event = new Webhook(process.env.WEBHOOK_SECRET).verify(req.body, req.headers);
  } catch (error) {
    return res.status(400).json({ error: error.message });
  }
  const repeated = handled.has(event.id);
  handled.add(event.id);
  res.json({ verified: event.id, event: event.type, repeated });
});

serve(app);
