/* lanes_end.h - the end of a file of kernels that began with lanes.h. */
#undef lanes
#undef mask
#undef all
#undef load
#undef store
#undef where
#undef least
#undef most
#undef INLINE
#undef LANES
#undef TARGET
#undef NAMED
