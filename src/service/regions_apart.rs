//! A batch of several regions: each region is a transaction of its own, and what is wrong with one of them
//! is told to none of another's callers.

use std::collections::BTreeSet;

use super::error::Error;
use crate::domain::region::RegionCode;

const MISSING: Error = Error::Broken("a member of a batch without an answer");

/// What a batch does within a region.
pub(super) trait InRegion<M, V>: Sync {
    /// Where a member belongs.
    fn region(member: &M) -> RegionCode;

    /// Applies members of one region in one transaction, in order, or fails whole.
    fn in_region(
        &self,
        region: RegionCode,
        members: &[&M],
    ) -> impl Future<Output = Result<Vec<Result<V, Error>>, Error>> + Send;
}

/// Applies members, region by region.
///
/// # Errors
/// Where all are of one region and it fails: who batches tries them one by one. Of several regions each
/// has answers of its own, because what another region has committed must not be done again.
pub(super) async fn apply<M, V, A>(apply: &A, members: &[M]) -> Result<Vec<Result<V, Error>>, Error>
where
    M: Sync,
    V: Send,
    A: InRegion<M, V>,
{
    let regions: BTreeSet<RegionCode> = members.iter().map(A::region).collect();
    let only = regions.len() == 1;
    let mut answers: Vec<Option<Result<V, Error>>> = members.iter().map(|_| None).collect();
    for region in regions {
        let (places, of): (Vec<usize>, Vec<&M>) = members
            .iter()
            .enumerate()
            .filter(|(_, member)| A::region(member) == region)
            .unzip();
        let told = match apply.in_region(region, &of).await {
            Err(error) if only => return Err(error),
            Err(error) => failed(apply, region, &of, error).await,
            Ok(told) => told,
        };
        for (place, answer) in places.into_iter().zip(told) {
            answers[place] = Some(answer);
        }
    }
    Ok(answers
        .into_iter()
        .map(|answer| answer.unwrap_or(Err(MISSING)))
        .collect())
}

/// One region of several failed: its members are told what each would meet, or try by themselves.
async fn failed<M, V, A>(
    apply: &A,
    region: RegionCode,
    members: &[&M],
    error: Error,
) -> Vec<Result<V, Error>>
where
    M: Sync,
    V: Send,
    A: InRegion<M, V>,
{
    if let [_] = members {
        return vec![Err(error)];
    }
    let common: Vec<Result<V, Error>> = members
        .iter()
        .filter_map(|_| error.common().map(Err))
        .collect();
    if !common.is_empty() {
        return common;
    }
    let mut told = Vec::with_capacity(members.len());
    for member in members {
        let alone = apply.in_region(region, &[member]).await;
        told.push(alone.and_then(|mut told| told.pop().unwrap_or(Err(MISSING))));
    }
    told
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{service::reason::Reason, store::StoreError};

    /// Doubles numbers of a region; 7 is bad, and where the store is out of reach nothing is done.
    #[derive(Default)]
    struct Doubling {
        out_of_reach: Option<RegionCode>,
        done: Mutex<Vec<u32>>,
    }

    type Member = (RegionCode, u32);

    impl InRegion<Member, u32> for Doubling {
        fn region(member: &Member) -> RegionCode {
            member.0
        }

        async fn in_region(
            &self,
            region: RegionCode,
            members: &[&Member],
        ) -> Result<Vec<Result<u32, Error>>, Error> {
            if self.out_of_reach == Some(region) {
                return Err(StoreError::unreached().into());
            }
            if members.iter().any(|m| m.1 == 7) {
                return Err(Error::Broken("seven"));
            }
            self.done
                .lock()
                .unwrap()
                .extend(members.iter().map(|m| m.1));
            Ok(members.iter().map(|m| Ok(2 * m.1)).collect())
        }
    }

    fn regions() -> [RegionCode; 2] {
        ["150627", "150626"].map(|code| code.parse().unwrap())
    }

    fn told(answers: Result<Vec<Result<u32, Error>>, Error>) -> Vec<Result<u32, Reason>> {
        let answers = answers.unwrap().into_iter();
        answers.map(|a| a.map_err(|e| e.reason())).collect()
    }

    /// Break it: in `apply`, let the failure of one region fail them all.
    #[tokio::test]
    async fn what_is_wrong_with_one_region_is_told_to_no_other() {
        let [here, there] = regions();
        let members = [(here, 1), (there, 2), (here, 3), (there, 4)];
        let doubling = Doubling {
            out_of_reach: Some(there),
            ..Doubling::default()
        };
        let unavailable = Err(Reason::StoreUnavailable);
        let answers = told(apply(&doubling, &members).await);
        assert_eq!(answers, [Ok(2), unavailable, Ok(6), unavailable]);

        let doubling = Doubling::default();
        let members = [(here, 1), (there, 7), (here, 3), (there, 4)];
        let answers = told(apply(&doubling, &members).await);
        assert_eq!(answers, [Ok(2), Err(Reason::Internal), Ok(6), Ok(8)]);
        let mut done = doubling.done.into_inner().unwrap();
        done.sort_unstable();
        assert_eq!(done, [1, 3, 4], "each once");
    }

    #[tokio::test]
    async fn a_batch_of_one_region_fails_whole() {
        let [here, _] = regions();
        let failed = apply(&Doubling::default(), &[(here, 1), (here, 7)]).await;
        assert!(failed.is_err());
    }
}
