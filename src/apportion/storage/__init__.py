"""Engines that keep what we are told. Nobody but bootstrap may name one."""
