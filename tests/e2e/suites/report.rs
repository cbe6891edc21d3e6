//! `mode: report`: a dry run in front of an application that people use already.

mod dry_run;
