//! The cases, and which code runs each.

mod backlog;
mod fan_out;
mod pace;
mod retries;

use clap::ValueEnum;

use crate::context::Context;
use crate::figures::Figures;
use crate::parts;
use crate::publish::Way;
use crate::settings::Backend;

/// What is measured, in the order in which it runs: the parts first, since the others are compared with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Case {
    /// The parts alone.
    Parts,
    /// One webhook, one stream.
    Fanout1,
    /// One webhook, unary calls.
    #[value(name = "fanout1_unary")]
    Fanout1Unary,
    /// One webhook, `POST /v1/events`.
    #[value(name = "fanout1_rest")]
    Fanout1Rest,
    /// Ten webhooks.
    Fanout10,
    /// A thousand webhooks.
    Fanout1000,
    /// Many tenants with three webhooks each.
    Tenants,
    /// Half of the most, for the latencies.
    Paced,
    /// The same with one in ten receivers that never answers.
    Hanging,
    /// One in ten receivers always answers 500.
    Failing,
    /// Events accepted while there are no workers.
    Backlog,
    /// Many deliveries that wait for their time.
    Retries,
    /// Larger events.
    Sizes,
}

impl Case {
    /// The case's name, as it is chosen and as the JSON has it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether there is such a case on `backend`.
    pub(crate) fn is_for(self, backend: Backend) -> bool {
        // In one process there are no workers to be stopped.
        self != Self::Backlog || backend == Backend::Distributed
    }

    /// Measures it.
    ///
    /// # Errors
    /// Why it could not be measured.
    pub(crate) async fn measure(self, context: &mut Context) -> Result<Figures, String> {
        match self {
            Self::Parts => {
                let figures = parts::measure(context, context.settings.runs.get()).await?;
                context.parts = figures.get("cpu_us");
                Ok(figures)
            }
            Self::Fanout1 => {
                let figures = fan_out::through(context, "fanout1", Way::Stream).await?;
                context.fastest = figures.get("deliveries_per_s");
                Ok(figures)
            }
            Self::Fanout1Unary => fan_out::through(context, "fanout1_unary", Way::Unary).await,
            Self::Fanout1Rest => fan_out::through(context, "fanout1_rest", Way::Rest).await,
            Self::Fanout10 => fan_out::to(context, 10, 20_000).await,
            Self::Fanout1000 => fan_out::to(context, 1_000, 200).await,
            Self::Tenants => fan_out::tenants(context).await,
            Self::Sizes => fan_out::sizes(context).await,
            Self::Paced => pace::paced(context).await,
            Self::Hanging => pace::hanging(context).await,
            Self::Failing => pace::failing(context).await,
            Self::Backlog => backlog::backlog(context).await,
            Self::Retries => retries::retries(context).await,
        }
    }
}
