//! The ledger of every resident byte, the reconciliations, the rules.
