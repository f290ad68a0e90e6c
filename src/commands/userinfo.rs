//! `tidp userinfo`: the claims of the userinfo endpoint (OIDC Core 5.3).

use crate::domain::text::printable;
use crate::error::Result;
use crate::explain::claims;
use crate::flows::context::Context;
use crate::flows::userinfo;
use crate::terminal::output::Output;
use serde_json::Value;

/// Prints the claims: as JSON, or each with its meaning.
pub fn run(context: &Context<'_>, out: &Output<'_>) -> Result<()> {
    let (claims, provider) = userinfo::claims(context)?;
    if out.json {
        return out.document(Value::Object(claims));
    }
    let issuer = context.profile.claim_issuer(Some(&provider));
    for (name, value) in &claims {
        let meaning = claims::explain(name, value, issuer).map(|meaning| format!("   ({meaning})")).unwrap_or_default();
        let (name, value) = (printable(name), claims::value_text(value, None));
        out.page(&format!("{}  {value}{meaning}\n", out.colors.bold(&format!("{name:<20}"))))?;
    }
    Ok(())
}
