//! Child processes that end with us, however we end.
//!
//! Every child asks the kernel to be killed when its parent dies (`prctl(2)`,
//! `PR_SET_PDEATHSIG`). `setpriv` of util-linux does that between fork and exec, which Rust can
//! only do in an `unsafe` block. "Parent" means the *thread* that started the child, so all are
//! started from one thread that lives as long as the process.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a child may take to end when asked, before it is killed.
const GRACE: Duration = Duration::from_secs(5);
/// How often it is looked whether it has ended.
const PAUSE: Duration = Duration::from_millis(10);
/// How much of a log an error shows.
const LOG_LINES: usize = 15;

/// A running child; dropping it ends it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// Why a child is not as it should be.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// Its log cannot be written.
    #[error("cannot write {}: {source}", log.display())]
    Log {
        /// The file.
        log: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It was not started.
    #[error("cannot start {name}: {source} (`setpriv` of util-linux is needed)")]
    Start {
        /// Which.
        name: String,
        /// What the system says.
        source: io::Error,
    },
    /// It has ended.
    #[error("{name} ended ({status}); the end of {}:\n{end}", log.display())]
    Ended {
        /// Which.
        name: String,
        /// How.
        status: ExitStatus,
        /// The file with its output.
        log: PathBuf,
        /// The last lines of it.
        end: String,
    },
    /// It has not ended.
    #[error("waited {limit:?} for {name} to end")]
    Running {
        /// Which.
        name: String,
        /// For how long.
        limit: Duration,
    },
    /// The system does not tell.
    #[error("cannot tell whether a child has ended: {0}")]
    Unknown(#[from] io::Error),
}

impl Process {
    /// Starts a program; its output goes to the file `log`, which is overwritten.
    ///
    /// # Errors
    /// When the program, `setpriv` or the log file cannot be used.
    pub fn start(name: &str, command: &Command, log: &Path) -> Result<Self, ProcessError> {
        let cannot_write = |source| ProcessError::Log {
            log: log.to_owned(),
            source,
        };
        let output = File::create(log).map_err(cannot_write)?;
        let command = tied_to_this_process(command, output).map_err(cannot_write)?;
        let child = spawn(command).map_err(|source| ProcessError::Start {
            name: name.to_owned(),
            source,
        })?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: log.to_owned(),
        })
    }

    /// The process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The file with the child's output.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Fails if the child has ended, with the end of its log.
    ///
    /// # Errors
    /// The child has ended.
    pub fn check_running(&mut self) -> Result<(), ProcessError> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(ProcessError::Ended {
                name: self.name.clone(),
                status,
                log: self.log.clone(),
                end: self.log_end(),
            }),
        }
    }

    /// Ends the child: asks, waits, kills.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        if self.wait_for_end(GRACE).is_err() {
            self.kill();
        }
    }

    /// Kills the child, as a crash would.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        // A killed child ends; only a kernel that is stuck could keep it.
        let _ = self.wait_for_end(GRACE);
    }

    /// Signals the child, unless it has ended and its id may be another's.
    pub fn signal(&mut self, signal: Signal) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // It may end at this very moment; it is not waited for yet, so its id is still its own.
            let _ = kill_process(Pid::from_child(&self.child), signal);
        }
    }

    /// Waits until the child ends by itself.
    ///
    /// # Errors
    /// When it has not after `limit`.
    pub fn wait_for_end(&mut self, limit: Duration) -> Result<ExitStatus, ProcessError> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if start.elapsed() > limit {
                let name = self.name.clone();
                return Err(ProcessError::Running { name, limit });
            }
            thread::sleep(PAUSE);
        }
    }

    fn log_end(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        let start = lines.len().saturating_sub(LOG_LINES);
        lines.get(start..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The same command under `setpriv`, in a process group of its own: Ctrl-C in a terminal signals
/// the whole foreground group, and we want to end our children in order.
fn tied_to_this_process(command: &Command, output: File) -> io::Result<Command> {
    let mut tied = Command::new("setpriv");
    tied.args(["--pdeathsig", "KILL", "--"])
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output)
        .process_group(0);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => tied.env(name, value),
            None => tied.env_remove(name),
        };
    }
    Ok(tied)
}

type Request = (Command, Sender<io::Result<Child>>);

/// The thread that starts children.
static SPAWNER: LazyLock<Sender<Request>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Request>();
    thread::spawn(move || {
        for (mut command, reply) in receiver {
            // The caller waits for the answer, so the channel is open.
            let _ = reply.send(command.spawn());
        }
    });
    sender
});

fn spawn(command: Command) -> io::Result<Child> {
    let (reply, answer) = channel();
    SPAWNER
        .send((command, reply))
        .map_err(|_| io::Error::other("the thread that starts children has ended"))?;
    answer.recv().map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("portcullis-{name}-{}.log", std::process::id()))
    }

    #[test]
    fn a_dropped_child_is_gone() {
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = Process::start("sleep", &command, &log("dropped")).unwrap();
        let status = format!("/proc/{}", process.id());
        assert!(Path::new(&status).exists());
        drop(process);
        assert!(!Path::new(&status).exists());
    }

    #[test]
    fn an_ended_child_is_reported_with_its_last_words() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo no such port; exit 3"]);
        let mut process = Process::start("sh", &command, &log("ended")).unwrap();
        process.wait_for_end(Duration::from_secs(5)).unwrap();
        let error = process.check_running().unwrap_err().to_string();
        assert!(error.contains("no such port"), "{error}");
    }
}
