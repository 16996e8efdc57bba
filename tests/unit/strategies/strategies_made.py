"""A sound strategy with two tactics, to be spoilt line by line."""

RESCUE = """\
name: rescue_overdue
title: {en: Rescue the overdue, zh: 挽救逾期客户}
owner: Li Na
goal:
  metric: retention_rate
  target: 0.62
  by: 2026-12-31
audience: overdue_now and order_count >= 2
tactics:
  - name: call
    title: {en: Call, zh: 电话}
    action: call
    channel: phone
    team: desk
    staff_minutes: 6
    contacts_per_day: 40
    cost: {contact: 0.30}
    effect:
      prior:
        scale: probability
        mean: 0.05
        standard_deviation: 0.04
        worth: mean_order_value
        basis: assumption
        source: believed by the team
  - name: voucher
    title: Voucher
    action: offer
    channel: email
    offer: {kind: amount_off, value: 10}
    cost: {fixed: 50, contact: 0.02, redemption: 10}
    redemption_rate: 0.08
    effect: {prior: {scale: value, mean: 2.5, standard_deviation: 2, basis: assumption, source: x}}
budget: {money: 5000, currency: EUR, staff_hours: 80}
limits:
  - {name: voucher_money, tactics: [voucher], money: 2000}
channels:
  - {name: phone, consent: kept_elsewhere}
  - {name: email, consent: kept_elsewhere}
departments:
  - {name: service, title: Service, owner: Wang}
teams:
  - {name: desk, department: service, staff_hours: 60}
schedule: {starts_on: 2026-09-01, ends_on: 2026-11-30, review_on: 2026-12-05}
"""
