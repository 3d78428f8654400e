//! The directory's suite against a private server.

mod fixture;

use fixture::Private;

fanfare_suites::directory_suite!(Private::start().await);
