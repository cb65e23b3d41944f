// SPDX-License-Identifier: MIT
// Named places at which a test can let the real program die as by `kill -9`:
// SLUICE_TEST_KILL_AT="settle.inside:3" kills it when it gets there for the third time. They are part of the
// shipped program, so that what is tested is what is shipped; without the variable, a place costs one
// comparison.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {

enum class KillPoint {
  migrate_step,       ///< a migration has run but is not committed, or has just been committed
  seal_checkpoint,    ///< what an earlier process left is on disk; nothing has been acted upon
  recover_inside,     ///< some of what an earlier process left in flight is taken over, uncommitted
  recover_after,      ///< all of it is taken over, and committed
  import_slice,       ///< a slice of an unsealed run is committed
  import_seal,        ///< all slices are, but not the seal
  import_sealed,      ///< the seal is committed, and nobody has been told
  claim_before,       ///< about to ask the store for chunks
  claim_inside,       ///< a chunk is claimed, uncommitted
  claim_after,        ///< all chunks of the claim are, uncommitted
  commit_before,      ///< a group of store calls has been executed
  commit_after,       ///< … and is committed, but nobody has been told
  intent_durable,     ///< the claim is committed and its chunks are about to be started
  wire_first_byte,    ///< about to hand the request to the connection
  wire_last_byte,     ///< the connection has taken all of it
  answer_first_byte,  ///< a piece of the answer came
  answer_complete,    ///< all of it has been read
  settle_before,      ///< what follows from the answer is decided, and recorded nowhere
  settle_inside,      ///< the answer is written, the chunk's new state is not, uncommitted
  settle_after,       ///< all is recorded and committed, and nobody has been told
  tick_insert,        ///< what becomes of a tick is recorded, uncommitted
  tick_started,       ///< a tick is committed as started, and its run is not begun
  prune_batch,        ///< some rows of a run are taken out but that is not committed, or has just been
  backup_copied,      ///< a backup is whole, and does not have its name yet
  restore_copied,     ///< a backup is copied beside the store, whose place nothing has been done to
  restore_kept,       ///< the old store has been moved aside, and the copy is not in its place
  drain,              ///< stopping: waiting for a request that is on its way
};

/// Their names, as the variable takes them.
inline constexpr std::array<std::pair<KillPoint, std::string_view>, 27> kill_points{{
    {KillPoint::migrate_step, "migrate.step"},
    {KillPoint::seal_checkpoint, "seal.checkpoint"},
    {KillPoint::recover_inside, "recover.inside"},
    {KillPoint::recover_after, "recover.after"},
    {KillPoint::import_slice, "import.slice"},
    {KillPoint::import_seal, "import.seal"},
    {KillPoint::import_sealed, "import.sealed"},
    {KillPoint::claim_before, "claim.before"},
    {KillPoint::claim_inside, "claim.inside"},
    {KillPoint::claim_after, "claim.after"},
    {KillPoint::commit_before, "commit.before"},
    {KillPoint::commit_after, "commit.after"},
    {KillPoint::intent_durable, "intent.durable"},
    {KillPoint::wire_first_byte, "wire.first_byte"},
    {KillPoint::wire_last_byte, "wire.last_byte"},
    {KillPoint::answer_first_byte, "answer.first_byte"},
    {KillPoint::answer_complete, "answer.complete"},
    {KillPoint::settle_before, "settle.before"},
    {KillPoint::settle_inside, "settle.inside"},
    {KillPoint::settle_after, "settle.after"},
    {KillPoint::tick_insert, "tick.insert"},
    {KillPoint::tick_started, "tick.started"},
    {KillPoint::prune_batch, "prune.batch"},
    {KillPoint::backup_copied, "backup.copied"},
    {KillPoint::restore_copied, "restore.copied"},
    {KillPoint::restore_kept, "restore.kept"},
    {KillPoint::drain, "drain"},
}};

namespace kill_point {
/// Where this process is to die; read from the environment once, before main.
extern const std::optional<KillPoint> armed;
/// Dies if this is the time.
void count_down();
}  // namespace kill_point

/// Says that the program has got there.
inline void reach(KillPoint point) {
  if (kill_point::armed == point) [[unlikely]]
    kill_point::count_down();
}

}  // namespace sluice
