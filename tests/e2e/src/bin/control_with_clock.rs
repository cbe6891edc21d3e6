//! The control service with a clock that tests can move.

fn main() -> std::process::ExitCode {
    portcullis_control::main()
}
