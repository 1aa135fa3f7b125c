"""Every variable that can be asked for as a column, by the form or family it belongs to (pure).

A name that stands in none of these lists is classified for no task, and whoever asks for it is refused: so a new
field of the case report form, a new measurement or a new column of a public table fails a test until somebody has
said what it may be used for (`admissible.py`).
"""

FIELDS_OF_FORM: dict[str, str] = {
    # Screening and eligibility
    "scr": (
        "scr_id scr_date scr_source scr_age scr_over50 scr_can_consent scr_can_attend scr_pregnant "
        "scr_contrast scr_wrist_metal scr_wrist_fx12 scr_avf scr_tremor scr_weight_ok scr_bonedisease "
        "scr_otherxr scr_outcome scr_reason scr_by"
    ),
    # Consent (one row per signing)
    "con": (
        "con_pis_ver con_form_ver con_date con_time con_taker con_mode con_copy con_i_part con_i_rad con_i_gp "
        "con_i_incid con_i_records con_i_link con_i_contact con_i_future con_i_commercial con_i_ai "
        "con_i_recontact con_reconsent_due"
    ),
    # Visit
    "vis": "vis_code vis_due vis_date vis_site vis_staff inpatient vis_paper vis_status vis_complete",
    # Demographics
    "dem": "dob age_y sex gender ghaht ethnic hand_dom hand_basis educ residence imd_decile",
    # Anthropometry (each visit)
    "ant": (
        "ant_date ht1 ht2 ht3 height_cm ht_recall ht_recall_src ht_loss weight_kg bmi weight_25 wt_loss_5 "
        "forearm_l forearm_r ant_cond arm_span"
    ),
    # Past fracture (repeat per fracture)
    "fxh": (
        "fxh_any fxh_site fxh_side fxh_vlevel fxh_date fxh_age fxh_mech fxh_height fxh_activity fxh_treated "
        "fxh_evid fxh_fragility_rule fxh_after50 fxh_mof"
    ),
    # Family history
    "fam": "fam_par_hip fam_par_hip_age fam_par_op fam_sib_op fam_kyph",
    # Falls
    "fal": "fal_12m fal_inj fal_soff fal_aid fal_vision fal_dizzy fal_stratify",
    # Lifestyle
    "lif": (
        "smk_status smk_cpd smk_years smk_packyr smk_quit_y vape alc_units_wk alc_frax alc_auditc pa_ipaq "
        "pa_gppaq pa_impact ca_diet ca_supp vd_supp vd_sun caff wbc_immob"
    ),
    # Reproductive and hormonal
    "rep": (
        "menarche meno_status meno_age meno_early hyst ooph ooph_age parity hrt_ever hrt_now hrt_type "
        "hrt_years amen hypog_m adt"
    ),
    # Medical history (one row per condition, fixed list then other)
    "mhx": "mh_cond mh_present mh_start mh_conf mh_detail mh_frax2",
    # Medicines (one row per medicine)
    "med": (
        "med_name med_class med_dose med_unit med_freq med_period med_route med_start med_stop med_ongoing "
        "med_last_dose med_adh med_pred_eq"
    ),
    # Glucocorticoid summary
    "gcs": "gc_ever3m gc_now gc_dose_now gc_cum_g gc_courses12 gc_inh",
    # Physical performance
    "phy": (
        "grip_dev grip_l1 grip_l2 grip_l3 grip_r1 grip_r2 grip_r3 grip_max tug_s tug_aid gait_m gait_s1 "
        "gait_s2 gait_speed bal_side bal_semi bal_tan chair_s sppb phy_notdone"
    ),
    # Laboratory (optional)
    "lab": "lab_date lab_creat lab_egfr lab_ca_adj lab_vitd lab_pth lab_alp lab_tsh lab_p1np lab_ctx",
    # Risk tools: entered or computed
    "rsk": (
        "rsk_tool rsk_mode rsk_version rsk_bmd rsk_bmd_val rsk_mof10 rsk_hip10 rsk_any5 rsk_any10 rsk_inputs rsk_print"
    ),
    # Imaging visit (one row per modality and side)
    "img": (
        "img_mod img_date img_side img_side_dom img_side_why img_protocol_side img_operator img_device "
        "img_qc_ok img_attempts img_repeat_why img_dose img_dose_unit img_study_uid img_series_n "
        "img_instances img_sha256 img_quality img_status img_notdone"
    ),
    # DXA result (one row per ROI)
    "dxa": (
        "dxa_roi dxa_bmd dxa_bmc dxa_area dxa_t dxa_z dxa_ref dxa_t_calc dxa_excl dxa_arm_len dxa_posture "
        "dxa_roi_shift dxa_compare dxa_file"
    ),
    # pQCT result (Stratec type)
    "pqc": (
        "pq_site pq_len pq_voxel pq_speed pq_ref_ok pq_motion pq_move pq_tot_den pq_trab_den pq_tot_a "
        "pq_trab_a pq_tot_cnt pq_crt_den pq_crt_a pq_crt_thk pq_ssi pq_bsi pq_mode"
    ),
    # HR-pQCT result (SCANCO type)
    "hrp": (
        "hr_gen hr_offset_mode hr_offset_mm hr_offset_pct hr_bone_len hr_slices hr_refline_ok hr_motion "
        "hr_reader2 hr_tt_vbmd hr_tb_vbmd hr_ct_vbmd hr_tt_ar hr_tb_ar hr_ct_ar hr_ct_pm hr_bvtv hr_tb_n "
        "hr_tb_th hr_tb_sp hr_tb_1n_sd hr_ct_th hr_ct_po hr_fe_stiff hr_fe_load hr_ipl"
    ),
    # Wrist radiograph acquisition and QC
    "xrq": (
        "xr_view xr_kvp xr_mas xr_sid xr_grid xr_ei xr_eit xr_di xr_pix xr_proc xr_marker xr_lat_agree "
        "xr_ulnar_prof xr_ulna_changes xr_cover xr_rot xr_motionblur xr_artef xr_old_fx xr_oa xr_collim "
        "xr_accept"
    ),
    # Vertebral reading (one row per vertebra T4-L4)
    "vfa": "vf_level vf_eval vf_h_ant vf_h_mid vf_h_post vf_loss vf_sq vf_type vf_nonosteo",
    # Label reading and adjudication
    "lbl": (
        "lb_task lb_round lb_reader lb_value lb_conf lb_evidence lb_reason lb_time lb_rule_ver lb_final lb_release"
    ),
    # Adverse event
    "aev": "ae_term ae_start ae_end ae_grade ae_serious ae_related ae_expected ae_proc ae_aware ae_outcome",
    # Incidental finding
    "inc": "if_source if_type if_urgency if_review_by if_review_date if_told if_gp_sent if_outcome",
    # Protocol deviation
    "dev": "pd_cat pd_date pd_major pd_action",
    # Withdrawal and status change
    "wdr": "wd_date wd_level wd_by wd_reason wd_data_cut wd_images wd_confirm",
    # Follow-up contact
    "fup": "fu_due fu_mode fu_done fu_vital fu_dod fu_cause fu_fx_any fu_falls fu_newmed fu_attempts",
    # New fracture event (outcome)
    "fxe": ("fe_report_date fe_site fe_side fe_date fe_mech fe_height fe_docs fe_icd fe_patho fe_fragility fe_days"),
    # End of study
    "eos": "es_date es_status es_last_known es_pi_sign",
    # Device QC and phantom
    "qcd": "q_device q_date q_phantom q_type q_value q_base_mean q_pct q_rule q_pass q_service",
    # Precision study
    "prc": "pr_site pr_subj pr_rep pr_val pr_oper pr_rmssd pr_lsc",
    # Data partition (blinded test set)
    "prt": "pt_set pt_seed pt_unblind",
}
"""Form of the case report form → its variables (crf_fields.csv, 393 fields)."""

NHANES_COLUMNS = (
    "SEQN CYCLE OSQ010A OSQ010B OSQ010C OSQ020A OSQ020B OSQ020C OSD030AA OSD030BA OSD030CA OSQ060 OSQ072 OSQ080 "
    "OSQ130 OSQ150 OSQ170 OSQ200 RIAGENDR RIDAGEYR RIDRETH3 SDMVPSU SDMVSTRA WTINT2YR WTMEC2YR BMXWT BMXHT BMXBMI "
    "SMQ020 SMQ040 WTINTPRP WTMECPRP AGE_TOP_CODED WT_COMBINED"
)
"""Columns of the public table "NHANES fracture history"; the last two are made at the import, and say so there."""

MEASUREMENTS: dict[str, str] = {
    "film": (
        "film.cortical_index film.cortical_thickness film.radius_width film.marrow_width film.cortical_area "
        "film.area_per_width film.mean_attenuation film.aluminium_equivalent film.trabecular_texture "
        "film.fractal_dimension film.glcm_contrast film.glcm_correlation film.glcm_energy film.glcm_entropy "
        "film.glrlm_short_runs film.glrlm_long_runs film.lbp_entropy film.anisotropy film.local_anisotropy "
        "film.trabecular_direction"
    ),
    "dxa": (
        "dxa.abmd_ud dxa.abmd_mid dxa.abmd_33 dxa.abmd_total dxa.bmc_ud dxa.bmc_mid dxa.bmc_33 dxa.bmc_total "
        "dxa.area_ud dxa.area_mid dxa.area_33 dxa.area_total"
    ),
    "pqct": (
        "pqct.total_content pqct.total_density pqct.total_area pqct.trabecular_content pqct.trabecular_density "
        "pqct.trabecular_area pqct.cortical_content pqct.cortical_density pqct.cortical_area pqct.cortical_thickness "
        "pqct.bsi pqct.ssi pqct.moment_x pqct.moment_y pqct.moment_polar pqct.moment_max pqct.moment_min "
        "pqct.rigidity_axial pqct.rigidity_bending_max pqct.rigidity_bending_min pqct.rigidity_torsional"
    ),
    "hrpqct": (
        "hrpqct.tt_vbmd hrpqct.tb_vbmd hrpqct.ct_vbmd hrpqct.bvtv hrpqct.tb_n hrpqct.tb_th hrpqct.tb_sp hrpqct.ct_th "
        "hrpqct.ct_po hrpqct.ct_ar hrpqct.tb_ar hrpqct.tt_ar hrpqct.ct_pm"
    ),
    "fe": "fe.stiffness fe.failure_load fe.reaction_force fe.apparent_modulus fe.effective_strain",
}
"""Family → quantities measured in images of the forearm (`cohort.measurements` keeps them)."""

ANSWERS: dict[str, str] = {
    "bone_medicines": (
        "med_class@bisphosphonate_po med_class@zoledronate med_class@ibandronate_iv med_class@denosumab "
        "med_class@teriparatide med_class@abaloparatide med_class@romosozumab med_class@raloxifene "
        "med_class@strontium med_class@calcitonin"
    ),
}
"""Single answers of a list that are ruled on apart from their variable, as `variable@code`."""

FE_NAMES = ("fe.", "hr_fe_")
"""How the names of what finite elements computed begin, measured here or told by the scanner (DECISIONS 3)."""

IMAGES = "image.film image.dxa image.pqct image.hrpqct"
"""The images themselves, as modalities of a snapshot."""
