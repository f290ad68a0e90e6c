//! The ROCA fingerprint (CVE-2017-15361) of RSA keys made by a faulty library, whose private keys can be computed.
//! Their primes, and so their moduli, are powers of 65537 modulo many small primes.

/// The odd primes that the library used for keys of 512 bits and more.
const PRIMES: [u16; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
    113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether `modulus` (big-endian) has the fingerprint; one in 2^27 sound keys has it by chance.
pub(super) fn has_fingerprint(modulus: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let prime = u32::from(prime);
        let residue = modulus.iter().fold(0, |rest, &byte| (rest * 256 + u32::from(byte)) % prime);
        // The powers of 65537 modulo `prime` repeat after fewer than `prime`.
        std::iter::successors(Some(1), |power| Some(power * 65_537 % prime))
            .take(prime as usize)
            .any(|power| power == residue)
    })
}
