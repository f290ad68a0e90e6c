//! Log in: the options of `profile`.

use crate::config::keys_with_meanings;
use crate::domain::policy::{ClientType, PolicyName};
use clap::{ArgGroup, Args, Subcommand};

#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// Add a profile to config.toml
    ///
    /// On a terminal it asks for what is left out. The first profile becomes the default.
    Add(Box<ProfileAdd>),
    /// List all profiles
    #[command(visible_alias = "ls")]
    List,
    /// Show one profile with all its settings
    Show {
        /// Name of the profile [default: the profile in use]
        #[arg(value_name = "PROFILE")]
        name: Option<String>,
    },
    /// Make a profile the default
    Use {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
    },
    /// Set one key of a profile
    #[command(after_long_help = format!("Keys of a profile:\n{}\nA list is one argument: scopes \"openid profile\"", keys_with_meanings()))]
    Set {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// The key, such as client_type
        key: String,
        /// Its value; of a list, the words
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Remove one key of a profile, so that its default applies
    Unset {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// The key
        key: String,
    },
    /// Rename a profile, with its session and client secret
    Rename {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// Its new name
        new_name: String,
    },
    /// Remove a profile that has no session
    #[command(visible_alias = "rm")]
    Remove {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
    },
    /// Store the client secret in the keyring
    ///
    /// It is read from the terminal without echo, or from stdin.
    Secret {
        /// Name of the profile
        #[arg(value_name = "PROFILE")]
        name: String,
        /// Remove the secret instead
        #[arg(long)]
        remove: bool,
    },
}

#[derive(Args, Clone, Debug)]
#[command(group(ArgGroup::new("provider").args(["issuer", "environment"])))]
pub struct ProfileAdd {
    /// Name of the profile
    pub name: Option<String>,
    /// Issuer URL of the provider, if not TelenorID+
    ///
    /// Such as https://id.example.com.
    #[allow(rustdoc::bare_urls)] // the help shows it as it is
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,
    /// TelenorID+ environment
    #[arg(long, value_name = "ENVIRONMENT", value_parser = ["staging", "production"])]
    pub environment: Option<String>,
    /// Client ID
    #[arg(long, value_name = "ID")]
    pub client_id: Option<String>,
    /// Client type at TelenorID+; determines the policy
    #[arg(long, value_name = "TYPE", value_parser = ClientType::ALL.map(ClientType::as_str), ignore_case = true)]
    pub client_type: Option<String>,
    /// A user logs in, or the client acts for itself
    #[arg(long, value_name = "GRANT", value_parser = ["authorization_code", "client_credentials"])]
    pub grant: Option<String>,
    /// Refresh policy, if not the one of the client type
    #[arg(long, value_name = "POLICY", hide_short_help = true, value_parser = PolicyName::ALL.map(PolicyName::as_str), ignore_case = true)]
    pub policy: Option<String>,
    /// Scopes; can be repeated
    ///
    /// Or one argument of several, with spaces between them.
    #[arg(long, value_name = "SCOPE")]
    pub scope: Vec<String>,
    /// Registered redirect URI
    ///
    /// The default is http://127.0.0.1/callback, on any free port.
    #[arg(long, value_name = "URI")]
    pub redirect_uri: Option<String>,
    /// How the client secret is sent
    #[arg(long, value_name = "METHOD", hide_short_help = true, value_parser = ["client_secret_basic", "client_secret_post"])]
    pub auth_method: Option<String>,
}
