//! `key`.

use clap::Subcommand;

use super::applied::Wait;

/// `key`.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// List all signing keys, and what happens to each next
    ///
    /// A key is `published` until every proxy knows it, then `signing`; the key that signed before is
    /// `accepted` until its last token has expired, and then deleted. A `refused` key is listed by
    /// its id only and never comes back.
    List,
    /// Publish a new signing key, which replaces the one that signs
    ///
    /// The new key signs when it has been in the feed for 60 s and every proxy has applied it, and
    /// after 10 minutes in any case. No session ends. The service rotates by itself every
    /// keys.rotate_every.
    #[command(after_help = "\
Examples:
  portcullis-control key rotate
  portcullis-control key rotate --algorithm rs256")]
    Rotate {
        /// The new key's algorithm [default: keys.algorithm]
        #[arg(long, value_name = "ALGORITHM", value_parser = ["es256", "rs256", "eddsa"])]
        algorithm: Option<String>,
    },
    /// Refuse a key whose private part may be known to others: everything that it signed ends now
    ///
    /// Its tokens are refused in all applications, open streams are cut, and the users concerned sign
    /// in again. If it is the key that signs, another one signs at once. A token that one key signed may
    /// have been exchanged for one that another key signed: to be certain after a theft, refuse all
    /// keys that `key list` shows as signing or accepted.
    Refuse {
        /// Its id, as `key list` shows it
        // An id may begin with a dash.
        #[arg(allow_hyphen_values = true)]
        kid: String,
        /// `--wait` and `--timeout`
        #[command(flatten)]
        wait: Wait,
    },
    /// Seal the secrets in the database with a new key
    ///
    /// Signing keys are stored sealed. The key that seals them is in the file seal.key of the data
    /// directory, unless keys.seal says otherwise. This makes a new one there, seals all secrets with
    /// it, and forgets the old one. Where keys.seal names a file, put the new key in its first line
    /// first, on every host; afterwards the old line can go.
    #[command(after_help = "\
Examples:
  portcullis-control key reseal")]
    Reseal,
    /// Print a new key for keys.seal
    #[command(after_help = "\
Examples:
  portcullis-control key new-seal > /etc/portcullis/seal.key")]
    NewSeal,
}
